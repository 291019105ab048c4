import React, { useState } from "react";
import { Link, useParams } from "react-router-dom";
import { ArrowLeft, Printer, Send } from "react-feather";
import _ from "lodash";
import { api } from "../lib/api.js";
import { useApi } from "../lib/useApi.js";
import { useSession } from "../lib/session.jsx";
import { saveAsPdf } from "../lib/pdf.js";
import { ago, dayAndTime } from "../lib/dates.js";
import { label, plainText } from "../lib/format.js";
import { PRIORITIES, STATUSES } from "../lib/words.js";
import { Channel, Priority, Status } from "../components/Badges.jsx";
import { Card, PageHead } from "../components/Page.jsx";
import { Empty, Result } from "../components/States.jsx";
import Avatar from "../components/Avatar.jsx";
import Body from "../components/Body.jsx";
import Editor from "../components/Editor.jsx";

function Message({ message }) {
  return (
    <article className={`message message-${message.author_kind}`}>
      <Avatar person={{ name: message.author_name }} size={38} customer={message.author_kind === "customer"} />
      <div>
        <header>
          <b>{message.author_name}</b>
          <span className="tag tag-kind">{label(message.author_kind)}</span>
          <time title={dayAndTime(message.created_at)}>{ago(message.created_at)}</time>
        </header>
        <Body text={message.body} />
      </div>
    </article>
  );
}

function Reply({ id, onSent }) {
  const [text, setText] = useState("");
  const [sent, setSent] = useState(0);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);

  async function send() {
    setBusy(true);
    setError(null);
    try {
      await api.post(`/api/inquiries/${id}/messages`, { body: text });
      setText("");
      setSent(sent + 1);
      onSent();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  }

  return (
    <Card title="Reply">
      <Editor placeholder="Write your answer …" resetKey={sent} onChange={setText} />
      {error && <div className="alert alert-danger mt-3">{error.message}</div>}
      <div className="form-end">
        <button type="button" className="btn btn-primary" disabled={busy || !text} onClick={send}>
          <Send size={16} /> Send reply
        </button>
      </div>
    </Card>
  );
}

function Controls({ inquiry, disabled, onChange }) {
  return (
    <div className="controls">
      <label>
        Status
        <select
          className="form-select form-select-sm"
          value={inquiry.status}
          disabled={disabled}
          onChange={(event) => onChange({ status: event.target.value })}
        >
          {_.union(STATUSES, [inquiry.status]).map((value) => (
            <option key={value} value={value}>
              {label(value)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Priority
        <select
          className="form-select form-select-sm"
          value={inquiry.priority}
          disabled={disabled}
          onChange={(event) => onChange({ priority: event.target.value })}
        >
          {_.union(PRIORITIES, [inquiry.priority]).map((value) => (
            <option key={value} value={value}>
              {label(value)}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Events({ events }) {
  if (!events.length) return <Empty>Nothing has happened yet.</Empty>;
  return (
    <ol className="timeline">
      {_.orderBy(events, "at", "desc").map((event) => (
        <li key={event.id}>
          <p>
            <b>{label(event.kind)}</b> {event.actor_name && `by ${event.actor_name}`}
          </p>
          <span>
            {dayAndTime(event.at)}
            {event.payload.to && ` · now ${label(event.payload.to).toLowerCase()}`}
            {event.payload.client && ` · ${event.payload.client}`}
          </span>
        </li>
      ))}
    </ol>
  );
}

function savePdf(inquiry) {
  const sections = inquiry.messages.map((message) => ({
    heading: message.author_name,
    note: dayAndTime(message.created_at),
    text: plainText(message.body),
  }));
  const subtitle = `Inquiry ${inquiry.id} · ${label(inquiry.status)} · ${label(inquiry.priority)} · ${inquiry.customer.email}`;
  return saveAsPdf(inquiry.subject, subtitle, sections, `inquiry-${inquiry.id}.pdf`);
}

export default function InquiryDetail() {
  const { id } = useParams();
  const { user } = useSession();
  const request = useApi(`/api/inquiries/${id}`);
  const [error, setError] = useState(null);
  const readOnly = user.role === "viewer";

  async function change(patch) {
    setError(null);
    try {
      await api.patch(`/api/inquiries/${id}`, patch);
    } catch (failure) {
      setError(failure);
    }
    request.reload();
  }

  return (
    <Result request={request}>
      {(inquiry) => (
        <>
          <Link className="back" to="/inquiries">
            <ArrowLeft size={15} /> All inquiries
          </Link>
          <PageHead
            title={inquiry.subject}
            note={
              <>
                #{inquiry.id} · <Channel value={inquiry.channel} /> · opened {dayAndTime(inquiry.created_at)}{" "}
                <Status value={inquiry.status} /> <Priority value={inquiry.priority} />
              </>
            }
          >
            <button type="button" className="btn btn-light border btn-sm" onClick={() => savePdf(inquiry)}>
              <Printer size={16} /> PDF
            </button>
          </PageHead>
          {error && <div className="alert alert-danger">{error.message}</div>}
          <div className="grid grid-2-1">
            <div>
              <Card>
                {inquiry.messages.map((message) => (
                  <Message key={message.id} message={message} />
                ))}
              </Card>
              {!readOnly && <Reply id={id} onSent={request.reload} />}
            </div>
            <div>
              <Card title="Handling">
                <Controls inquiry={inquiry} disabled={readOnly} onChange={change} />
                <dl className="facts">
                  <dt>Assignee</dt>
                  <dd>{inquiry.assignee ? inquiry.assignee.name : "nobody"}</dd>
                  <dt>Last change</dt>
                  <dd>{dayAndTime(inquiry.updated_at)}</dd>
                  <dt>Tags</dt>
                  <dd>{inquiry.tags.length ? inquiry.tags.map((tag) => <em key={tag} className="chip">{tag}</em>) : "none"}</dd>
                </dl>
              </Card>
              <Card title="Customer">
                <div className="person">
                  <Avatar person={inquiry.customer} size={44} customer />
                  <div className="clip">
                    <Link to={`/customers/${inquiry.customer.id}`}>{inquiry.customer.name}</Link>
                    <span>{inquiry.customer.company}</span>
                    <span>{inquiry.customer.email}</span>
                  </div>
                </div>
              </Card>
              <Card title="History">
                <Events events={inquiry.events} />
              </Card>
            </div>
          </div>
        </>
      )}
    </Result>
  );
}
