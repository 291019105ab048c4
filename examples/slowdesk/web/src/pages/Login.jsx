import React, { useEffect, useState } from "react";
import { Navigate, useSearchParams } from "react-router-dom";
import { Loader, Lock, Mail } from "react-feather";
import hero from "../assets/login-hero.png";
import logo from "../assets/logo.png";
import { useSession } from "../lib/session.jsx";

const DEMO = ["admin", "manager", "agent", "viewer"];

export default function Login() {
  const { status, login } = useSession();
  const [search] = useSearchParams();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    document.title = "Sign in · slowdesk";
  }, []);

  if (status === "in") {
    const next = search.get("next") || "/";
    return <Navigate to={/^\/(?!\/)/.test(next) ? next : "/"} replace />;
  }

  async function submit(event) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await login(email, password);
    } catch (failure) {
      setError(failure.status === 401 ? "The email address or the password is wrong." : failure.message);
      setBusy(false);
    }
  }

  return (
    <div className="login">
      <div className="login-form">
        <form onSubmit={submit}>
          <div className="login-brand">
            <img src={logo} alt="" /> slowdesk
          </div>
          <h1>Welcome back</h1>
          <p>Sign in to see what your customers need today.</p>
          {error && (
            <div className="alert alert-danger" role="alert">
              {error}
            </div>
          )}
          <label className="form-label" htmlFor="email">
            Email address
          </label>
          <div className="field">
            <Mail size={16} />
            <input
              id="email"
              type="email"
              className="form-control"
              autoComplete="username"
              required
              autoFocus
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          </div>
          <label className="form-label" htmlFor="password">
            Password
          </label>
          <div className="field">
            <Lock size={16} />
            <input
              id="password"
              type="password"
              className="form-control"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </div>
          <button type="submit" className="btn btn-primary w-100" disabled={busy}>
            {busy && <Loader className="spin" size={16} />} Sign in
          </button>
          <div className="login-demo">
            <span>Demo accounts</span>
            {DEMO.map((name) => (
              <button
                key={name}
                type="button"
                className="btn btn-sm btn-light border"
                onClick={() => setEmail(`${name}@slowdesk.example`)}
              >
                {name}
              </button>
            ))}
          </div>
        </form>
      </div>
      <div className="login-hero" style={{ backgroundImage: `url(${hero})` }}>
        <blockquote>
          “Every inquiry is a person who is waiting.”
          <footer>The first page of our support handbook</footer>
        </blockquote>
      </div>
    </div>
  );
}
