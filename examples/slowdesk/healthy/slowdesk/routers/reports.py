"""Reports to look at and to take away as a spreadsheet."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from slowdesk.auth import Principal, requires
from slowdesk.db import get_session
from slowdesk.formats import iso
from slowdesk.models import ReportRun
from slowdesk.reports import REPORTS, Report, build_report
from slowdesk.spreadsheet import XLSX, workbook_bytes
from slowdesk.system_settings import desk_time
from sqlalchemy import select
from sqlalchemy.orm import Session

router = APIRouter(prefix="/reports", tags=["reports"])

Reader = Annotated[Principal, Depends(requires("reports.read"))]
Db = Annotated[Session, Depends(get_session)]
Days = Annotated[int, Query(ge=1, le=730)]


def _find(kind: str) -> Report:
    if kind not in REPORTS:
        raise HTTPException(404, "There is no such report.")
    return REPORTS[kind]


@router.get("")
def list_reports(principal: Reader, session: Db) -> dict[str, Any]:
    # Of each kind the last one, as the index on (kind, started_at DESC) has them.
    last_runs = {
        run.kind: run
        for run in session.scalars(
            select(ReportRun)
            .distinct(ReportRun.kind)
            .order_by(ReportRun.kind, ReportRun.started_at.desc(), ReportRun.id.desc())
        )
    }
    items = []
    for report in REPORTS.values():
        last_run = last_runs.get(report.kind)
        items.append(
            {
                "kind": report.kind,
                "title": report.title,
                "description": report.description,
                "last_run_at": iso(last_run.started_at) if last_run else None,
                "rows": last_run.rows if last_run else None,
            }
        )
    return {"items": items}


@router.get("/{kind}")
def get_report(kind: str, principal: Reader, session: Db, days: Days = 90) -> dict[str, Any]:
    report = _find(kind)
    now = desk_time(session)
    return {
        "kind": report.kind,
        "title": report.title,
        "columns": list(report.columns),
        "rows": build_report(report, session, now, days),
        "generated_at": iso(now),
    }


@router.post("/{kind}/export")
def export_report(
    kind: str,
    principal: Annotated[Principal, Depends(requires("reports.export"))],
    session: Db,
    days: Days = 90,
) -> Response:
    report = _find(kind)
    now = desk_time(session)
    rows = build_report(report, session, now, days)
    content = workbook_bytes(report.title, report.columns, rows)
    session.add(ReportRun(kind=kind, started_at=now, rows=len(rows), requested_by=principal.user_id))
    session.commit()
    name = f"{kind}-{now:%Y-%m-%d}.xlsx"
    return Response(content, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})
