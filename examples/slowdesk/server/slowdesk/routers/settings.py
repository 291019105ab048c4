"""System settings: everybody reads them, administrators change them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel
from sqlalchemy.orm import Session

from slowdesk.auth import CurrentPrincipal, Principal, requires
from slowdesk.db import get_session
from slowdesk.models import SystemSetting
from slowdesk.system_settings import desk_time, read_settings

router = APIRouter(prefix="/system-settings", tags=["settings"])

Db = Annotated[Session, Depends(get_session)]


class NewValue(BaseModel):
    value: Any


@router.get("")
def get_settings(principal: CurrentPrincipal, session: Db) -> dict[str, Any]:
    return {"settings": read_settings(session)}


@router.put("/{key}")
def change_setting(
    key: str,
    new: NewValue,
    principal: Annotated[Principal, Depends(requires("settings.write"))],
    session: Db,
) -> dict[str, Any]:
    setting = session.get(SystemSetting, key)
    if setting is None:
        raise HTTPException(404, "There is no such setting.")
    setting.updated_at = desk_time(session)
    setting.updated_by = principal.user_id
    setting.value = new.value
    session.commit()
    return {"key": setting.key, "value": setting.value}
