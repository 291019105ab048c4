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

function TimeZone({ id, value, disabled, onChange }) {
  return (
    <select id={id} className="form-select form-select-sm" value={value} disabled={disabled} onChange={(event) => onChange(event.target.value)}>
      {moment.tz.names().map((name) => (
        <option key={name} value={name}>
          {name} ({moment.tz(name).format("Z, HH:mm")})
        </option>
      ))}
    </select>
  );
}

function Field({ id, name, value, disabled, onChange }) {
  if (/time_?zone/.test(name)) return <TimeZone id={id} value={value} disabled={disabled} onChange={onChange} />;
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
        <Field id={id} name={name} value={value} disabled={disabled} onChange={setValue} />
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
          </div>
        )}
      </Result>
      <Card title="Diagnostics" note="What went wrong or slowly in this tab; support may ask for it">
        <Diagnostics />
      </Card>
    </>
  );
}
