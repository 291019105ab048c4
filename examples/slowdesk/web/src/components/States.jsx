import React from "react";
import { AlertCircle, Inbox, Loader, RotateCw } from "react-feather";

export function Loading({ label = "Loading", page = false }) {
  return (
    <div className={page ? "state state-page" : "state"} role="status">
      <Loader className="spin" size={20} />
      <span>{label} …</span>
    </div>
  );
}

export function Failure({ error, onRetry }) {
  return (
    <div className="state state-failure" role="alert">
      <AlertCircle size={20} />
      <span>{error.message}</span>
      {onRetry && (
        <button type="button" className="btn btn-sm btn-light border" onClick={onRetry}>
          <RotateCw size={14} /> Try again
        </button>
      )}
    </div>
  );
}

export function Empty({ children = "Nothing here yet." }) {
  return (
    <div className="state">
      <Inbox size={20} />
      <span>{children}</span>
    </div>
  );
}

// Shows what a request is doing, and its data once there is some.
export function Result({ request, children, empty }) {
  if (request.error) return <Failure error={request.error} onRetry={request.reload} />;
  if (!request.data) return <Loading />;
  if (empty && empty(request.data)) return <Empty />;
  return <div className={request.loading ? "is-stale" : undefined}>{children(request.data)}</div>;
}
