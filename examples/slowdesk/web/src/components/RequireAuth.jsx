import React, { useEffect } from "react";
import { Navigate, useLocation } from "react-router-dom";
import { useSession } from "../lib/session.jsx";
import { Failure, Loading } from "./States.jsx";

// Asks the server on every navigation: a session may have been revoked in the meantime.
export default function RequireAuth({ children }) {
  const location = useLocation();
  const { status, error, check } = useSession();

  useEffect(() => {
    check();
  }, [location.pathname, check]);

  if (status === "unknown") return <Loading page label="Signing you in" />;
  if (status === "error") {
    return (
      <div className="page-center">
        <Failure error={error} onRetry={check} />
      </div>
    );
  }
  if (status === "left") return <Navigate to="/login" replace />;
  if (status === "out") {
    const next = location.pathname + location.search;
    return <Navigate to={next === "/" ? "/login" : `/login?next=${encodeURIComponent(next)}`} replace />;
  }
  return children;
}
