import React from "react";
import _ from "lodash";
import { useApi } from "../lib/useApi.js";
import { useSession } from "../lib/session.jsx";
import { dayAndTime, localeNames, now } from "../lib/dates.js";
import { cell, label, number } from "../lib/format.js";
import { Role } from "../components/Badges.jsx";
import { Card, PageHead } from "../components/Page.jsx";
import { Result } from "../components/States.jsx";
import Avatar from "../components/Avatar.jsx";

function Languages({ current }) {
  const time = now();
  return (
    <div className="languages">
      {localeNames().map((name) => (
        <div key={name} className={name === current ? "active" : undefined}>
          <b>{name}</b>
          <span>{time.clone().locale(name).format("LLL")}</span>
        </div>
      ))}
    </div>
  );
}

export default function Profile() {
  const { expiresAt, permissions } = useSession();
  const request = useApi("/api/users/me");
  return (
    <>
      <PageHead title="Profile" note="What slowdesk knows about you." />
      <Result request={request}>
        {(me) => (
          <div className="grid grid-1-3">
            <div>
              <Card className="profile">
                <Avatar person={me} size={112} />
                <h2>{me.name}</h2>
                <p>{me.email}</p>
                <Role value={me.role} />
                <dl className="facts">
                  <dt>Team</dt>
                  <dd>{me.team || "–"}</dd>
                  <dt>Open inquiries</dt>
                  <dd>{number(me.open_inquiries)}</dd>
                  <dt>Unread</dt>
                  <dd>{number(me.unread)}</dd>
                  <dt>Signed in until</dt>
                  <dd>{dayAndTime(expiresAt)}</dd>
                </dl>
              </Card>
            </div>
            <div>
              <Card title="Permissions">
                {permissions.map((permission) => (
                  <em key={permission} className="chip">
                    {permission}
                  </em>
                ))}
              </Card>
              <Card title="Preferences">
                <dl className="facts">
                  {_.map(me.preferences, (value, key) => (
                    <React.Fragment key={key}>
                      <dt>{label(key)}</dt>
                      <dd>{_.isObject(value) ? JSON.stringify(value) : cell(value)}</dd>
                    </React.Fragment>
                  ))}
                </dl>
              </Card>
              <Card title="Language of dates" note="As your administrator has set it; these are available">
                <Languages current={me.locale} />
              </Card>
            </div>
          </div>
        )}
      </Result>
    </>
  );
}
