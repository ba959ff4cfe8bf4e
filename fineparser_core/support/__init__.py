"""Helpers without any diving: atomic files, bounded reading, tables, child processes, digests.

A module may enter that another program could use as it is: it knows errors, printable text, resources and the version,
and no other part of this program.
"""
