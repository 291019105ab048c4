import React from "react";
import { Link } from "react-router-dom";
import { Compass } from "react-feather";
import { PageHead } from "../components/Page.jsx";

export default function NotFound() {
  return (
    <>
      <PageHead title="Not found" />
      <div className="state state-page">
        <Compass size={40} />
        <p>There is no page at this address.</p>
        <Link className="btn btn-primary" to="/">
          Back to the dashboard
        </Link>
      </div>
    </>
  );
}
