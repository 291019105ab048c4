import React, { useState } from "react";
import { useNavigate } from "react-router-dom";
import { Search, X } from "react-feather";
import { api } from "../lib/api.js";
import { useApi } from "../lib/useApi.js";
import { label } from "../lib/format.js";
import { CHANNELS, PRIORITIES } from "../lib/words.js";
import { Card, PageHead } from "../components/Page.jsx";
import { Result } from "../components/States.jsx";
import Avatar from "../components/Avatar.jsx";
import Editor from "../components/Editor.jsx";

function CustomerSearch({ onPick }) {
  const [words, setWords] = useState("");
  const request = useApi(words.length > 1 ? "/api/customers" : null, { q: words, page: 1 });
  return (
    <>
      <div className="field">
        <Search size={15} />
        <input
          id="customer"
          className="form-control"
          placeholder="Name, email address or company"
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </div>
      {words.length > 1 && (
        <Result request={request} empty={(data) => !data.items.length}>
          {(data) => (
            <ul className="picks">
              {data.items.slice(0, 8).map((customer) => (
                <li key={customer.id}>
                  <button type="button" onClick={() => onPick(customer)}>
                    <Avatar person={customer} size={30} customer />
                    <b>{customer.name}</b>
                    <span>
                      {customer.company} · {customer.email}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          )}
        </Result>
      )}
    </>
  );
}

function Select({ id, title, options, value, onChange }) {
  return (
    <div>
      <label className="form-label" htmlFor={id}>
        {title}
      </label>
      <select id={id} className="form-select" value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map((option) => (
          <option key={option} value={option}>
            {label(option)}
          </option>
        ))}
      </select>
    </div>
  );
}

export default function InquiryNew() {
  const navigate = useNavigate();
  const [customer, setCustomer] = useState(null);
  const [subject, setSubject] = useState("");
  const [body, setBody] = useState("");
  const [priority, setPriority] = useState("normal");
  const [channel, setChannel] = useState("phone");
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);

  async function submit(event) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const inquiry = await api.post("/api/inquiries", { subject, body, customer_id: customer.id, priority, channel });
      navigate(`/inquiries/${inquiry.id}`);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  return (
    <>
      <PageHead title="New inquiry" note="For everything that did not come in by itself." />
      <Card className="panel-narrow">
        <form onSubmit={submit}>
          <label className="form-label" htmlFor="customer">
            Customer
          </label>
          {customer ? (
            <div className="picked">
              <Avatar person={customer} size={36} customer />
              <div className="clip">
                <b>{customer.name}</b>
                <span>
                  {customer.company} · {customer.email}
                </span>
              </div>
              <button type="button" className="btn btn-sm btn-icon" aria-label="Choose another customer" onClick={() => setCustomer(null)}>
                <X size={16} />
              </button>
            </div>
          ) : (
            <CustomerSearch onPick={setCustomer} />
          )}
          <label className="form-label" htmlFor="subject">
            Subject
          </label>
          <input
            id="subject"
            className="form-control"
            required
            maxLength={200}
            value={subject}
            onChange={(event) => setSubject(event.target.value)}
          />
          <div className="form-pair">
            <Select id="priority" title="Priority" options={PRIORITIES} value={priority} onChange={setPriority} />
            <Select id="channel" title="Channel" options={CHANNELS} value={channel} onChange={setChannel} />
          </div>
          <label className="form-label">What is it about?</label>
          <Editor placeholder="What the customer said, in their words …" resetKey={0} onChange={setBody} />
          {error && <div className="alert alert-danger mt-3">{error.message}</div>}
          <div className="form-end">
            <button type="button" className="btn btn-light border" onClick={() => navigate("/inquiries")}>
              Cancel
            </button>
            <button type="submit" className="btn btn-primary" disabled={busy || !customer || !subject || !body}>
              Create inquiry
            </button>
          </div>
        </form>
      </Card>
    </>
  );
}
