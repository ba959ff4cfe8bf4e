"""What has nothing to do with diving: atomic files, bounded reading, tables, child processes, licences.

A module may enter that another program could use as it is: it knows errors, printable text and resources, and no other
part of this one.
"""
