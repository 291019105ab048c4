import { useCallback, useEffect, useRef, useState } from "react";
import { api, query } from "./api.js";

// Loads `path` when the component mounts and whenever its parameters change. Pass null to wait.
export function useApi(path, params) {
  const address = path && query(path, params);
  const [state, setState] = useState({ data: null, error: null, loading: Boolean(path) });
  const last = useRef(0);

  const reload = useCallback(async () => {
    if (!address) return;
    const turn = ++last.current;
    setState((old) => ({ ...old, loading: true, error: null }));
    try {
      const data = await api.get(address);
      if (turn === last.current) setState({ data, error: null, loading: false });
    } catch (error) {
      if (turn === last.current) setState({ data: null, error, loading: false });
    }
  }, [address]);

  useEffect(() => {
    reload();
  }, [reload]);

  return { ...state, reload };
}
