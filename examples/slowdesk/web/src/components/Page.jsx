import React, { useEffect } from "react";

export function PageHead({ title, note, children }) {
  useEffect(() => {
    document.title = `${title} · slowdesk`;
  }, [title]);
  return (
    <header className="page-head">
      <div>
        <h1>{title}</h1>
        {note && <p>{note}</p>}
      </div>
      <div className="page-actions">{children}</div>
    </header>
  );
}

export function Card({ title, note, action, children, className = "", flush = false }) {
  return (
    <section className={`panel ${flush ? "panel-flush" : ""} ${className}`}>
      {title && (
        <div className="panel-head">
          <div>
            <h2>{title}</h2>
            {note && <p>{note}</p>}
          </div>
          {action}
        </div>
      )}
      <div className="panel-body">{children}</div>
    </section>
  );
}
