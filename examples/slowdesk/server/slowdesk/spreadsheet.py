"""Writes a table as an .xlsx file."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook_bytes(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """A workbook with one formatted sheet: header, zebra stripes, columns as wide as their contents."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = title[:31]
    sheet.append(list(columns))
    for cell in sheet[1]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", start_color="1F4E78")
        cell.alignment = Alignment(horizontal="center")
    for number, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(row=number, column=column, value=value)
            cell.border = Border(bottom=Side(style="thin", color="D9D9D9"))
            if number % 2 == 0:
                cell.fill = PatternFill("solid", start_color="F2F2F2")
    for column in range(1, len(columns) + 1):
        letter = get_column_letter(column)
        sheet.column_dimensions[letter].width = max(len(str(cell.value or "")) for cell in sheet[letter]) + 2
    sheet.freeze_panes = "A2"
    content = BytesIO()
    workbook.save(content)
    return content.getvalue()
