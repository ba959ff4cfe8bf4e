from html.parser import HTMLParser

from made_results import dive

from fineparser_core.evaluation.report import write_report
from fineparser_core.evaluation.summary import summarize


class Page(HTMLParser):
    """Collects tags with attributes, and complains about what is not closed."""

    def __init__(self, text):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def written(path, results, **given):
    values = {"title": "Test", "provenance": {"weights": "w"}} | given
    write_report(path, summarize(results, median_transitions=(30, 65)), results, **values)
    text = path.read_text(encoding="utf-8")
    return text, Page(text)


def test_page_is_whole_and_needs_nothing_else(tmp_path):
    results = [dive(number) for number in range(20)]
    text, page = written(tmp_path / "r.html", results)
    names = [tag for tag, _ in page.tags]
    assert names.count("circle") == 20
    assert names.count("svg") == 2
    assert not {"script", "link", "iframe", "img"} & set(names)
    assert "http" not in text
    assert "url(" not in text
    assert "prefers-color-scheme: dark" in text
