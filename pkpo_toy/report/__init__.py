"""Stored results as one HTML page that asks for nothing beyond itself.

The tree of elements is escaped where it is written, so no label, path or traceback can become part
of the page's code.
"""

from pkpo_toy.report.computed import computed_page
from pkpo_toy.report.page import page
from pkpo_toy.report.sections import Section, section
from pkpo_toy.report.stored import report_page

__all__ = ["Section", "computed_page", "page", "report_page", "section"]
