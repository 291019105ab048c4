import React, { useState } from "react";
import _ from "lodash";
import moment from "moment-timezone/builds/moment-timezone-with-data-1970-2030";
import { api } from "../lib/api.js";
import { useApi } from "../lib/useApi.js";
import { useSession } from "../lib/session.jsx";
import { dayAndTime } from "../lib/dates.js";
import { label } from "../lib/format.js";
import { Card, PageHead } from "../components/Page.jsx";
import { Empty, Result } from "../components/States.jsx";

const DESK_ZONE = "Europe/Berlin";
const ZONES = ["Europe/London", "America/New_York", "America/Los_Angeles", "Asia/Tokyo"];

function inZone(time, zone) {
  return moment.tz(time, "HH:mm", DESK_ZONE).tz(zone).format("HH:mm");
}

// What our opening hours mean where the customer is.
function OpeningHours({ hours }) {
  const [zone, setZone] = useState(DESK_ZONE);
  return (
    <>
      <select
        className="form-select form-select-sm mb-2"
        aria-label="Time zone"
        value={zone}
        onChange={(event) => setZone(event.target.value)}
      >
        {_.union(moment.tz.names(), [zone]).map((name) => (
          <option key={name} value={name}>
            {name} ({moment.tz(name).format("Z")})
          </option>
        ))}
      </select>
      <dl className="facts">
        {_.uniq([zone, DESK_ZONE, ...ZONES]).map((name) => (
          <React.Fragment key={name}>
            <dt>{name}</dt>
            <dd>
              {inZone(hours.from, name)} – {inZone(hours.to, name)}
            </dd>
          </React.Fragment>
        ))}
      </dl>
    </>
  );
}

function Field({ id, value, disabled, onChange }) {
  if (_.isBoolean(value)) {
    return (
      <div className="form-check form-switch">
        <input
          id={id}
          type="checkbox"
          role="switch"
          className="form-check-input"
          checked={value}
          disabled={disabled}
          onChange={(event) => onChange(event.target.checked)}
        />
      </div>
    );
  }
  if (_.isObject(value)) return <code>{JSON.stringify(value)}</code>;
  return (
    <input
      id={id}
      type={_.isNumber(value) ? "number" : "text"}
      className="form-control form-control-sm"
      value={value ?? ""}
      disabled={disabled}
      onChange={(event) => onChange(_.isNumber(value) ? Number(event.target.value) : event.target.value)}
    />
  );
}

function Setting({ name, title, saved, disabled }) {
  const [value, setValue] = useState(saved);
  const [kept, setKept] = useState(saved);
  const [error, setError] = useState(null);
  const id = `setting-${name}`;

  async function save() {
    setError(null);
    try {
      await api.put(`/api/system-settings/${encodeURIComponent(name)}`, { value });
      setKept(value);
    } catch (failure) {
      setError(failure);
    }
  }

  return (
    <div className="setting">
      <label htmlFor={id}>
        {title}
        {error && <span className="text-danger">{error.message}</span>}
      </label>
      <div>
        <Field id={id} value={value} disabled={disabled} onChange={setValue} />
        {!_.isEqual(value, kept) && (
          <button type="button" className="btn btn-sm btn-primary" onClick={save}>
            Save
          </button>
        )}
      </div>
    </div>
  );
}

function groups(settings) {
  const entries = _.map(_.keys(settings).sort(), (name) => {
    const [group, rest] = name.includes(".") ? [name.split(".")[0], name.split(".").slice(1).join(" ")] : ["general", name];
    return { name, group, title: label(rest), value: settings[name] };
  });
  return _.groupBy(entries, "group");
}

function Diagnostics() {
  const entries = window.slowdeskDiagnostics ? window.slowdeskDiagnostics.entries() : [];
  if (!entries.length) return <Empty>No errors in this tab.</Empty>;
  return (
    <ul className="diagnostics">
      {_.reverse([...entries]).map((entry, index) => (
        <li key={index}>
          <b>{entry.kind}</b> {entry.message} <span>{entry.detail.split("\n")[0]}</span>
          <time>{dayAndTime(entry.at)}</time>
        </li>
      ))}
    </ul>
  );
}

export default function Settings() {
  const { user } = useSession();
  const request = useApi("/api/system-settings");
  const disabled = user.role !== "admin";
  return (
    <>
      <PageHead title="Settings" note={disabled ? "Only administrators can change these." : "They apply to everybody at once."} />
      <Result request={request}>
        {(data) => (
          <div className="settings">
            {_.map(groups(data.settings), (entries, group) => (
              <Card key={group} title={label(group)}>
                {entries.map((entry) => (
                  <Setting key={entry.name} name={entry.name} title={entry.title} saved={entry.value} disabled={disabled} />
                ))}
              </Card>
            ))}
            {data.settings["desk.opening_hours"] && (
              <Card title="Opening hours elsewhere" note="When customers can reach us, in their time">
                <OpeningHours hours={data.settings["desk.opening_hours"]} />
              </Card>
            )}
          </div>
        )}
      </Result>
      <Card title="Diagnostics" note="What went wrong or slowly in this tab; support may ask for it">
        <Diagnostics />
      </Card>
    </>
  );
}
