import React, { createContext, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { api } from "./api.js";
import { setDateLocale, setDeskClock } from "./dates.js";

const SessionContext = createContext(null);

export function SessionProvider({ children }) {
  const [session, setSession] = useState({ status: "unknown", user: null, permissions: [] });

  const check = useCallback(async () => {
    try {
      const answer = await api.get("/api/auth/session");
      if (!answer.authenticated) throw new Error("signed out");
      const { settings } = await api.get("/api/system-settings");
      setDateLocale(answer.user.locale);
      setDeskClock(settings["clock.fixed_at"]);
      setSession({ status: "in", user: answer.user, permissions: answer.permissions, expiresAt: answer.expires_at });
    } catch (error) {
      if (error.status && error.status !== 401) {
        setSession({ status: "error", user: null, permissions: [], error });
      } else {
        setSession({ status: "out", user: null, permissions: [] });
      }
    }
  }, []);

  const login = useCallback(async (email, password) => {
    await api.post("/api/auth/login", { email, password });
    await check();
  }, [check]);

  const logout = useCallback(async () => {
    await api.post("/api/auth/logout").catch(() => null);
    setSession({ status: "left", user: null, permissions: [] });
  }, []);

  useEffect(() => {
    const signedOut = () => setSession({ status: "out", user: null, permissions: [] });
    window.addEventListener("slowdesk:signed-out", signedOut);
    return () => window.removeEventListener("slowdesk:signed-out", signedOut);
  }, []);

  const value = useMemo(() => ({ ...session, check, login, logout }), [session, check, login, logout]);
  return <SessionContext.Provider value={value}>{children}</SessionContext.Provider>;
}

export function useSession() {
  return useContext(SessionContext);
}
