import _ from "lodash";

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

const MESSAGES = {
  403: "You do not have permission to see this.",
  404: "This does not exist, or it was deleted.",
  422: "Please check the form: something is missing or not valid.",
  502: "The sign-in service does not answer.",
  503: "The server is busy. Please try again in a moment.",
};

function messageFrom(status, payload) {
  const detail = _.get(payload, "detail");
  if (_.isString(detail)) return detail;
  if (_.isArray(detail)) return _.map(detail, "msg").join("; ");
  return MESSAGES[status] || `The server answered with an error (${status}).`;
}

async function send(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      credentials: "include",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    throw new ApiError(0, "The server cannot be reached. Please check your connection.");
  }
  if (!response.ok) {
    const payload = await response.json().catch(() => null);
    if (response.status === 401 && path !== "/api/auth/login") {
      window.dispatchEvent(new Event("slowdesk:signed-out"));
    }
    throw new ApiError(response.status, messageFrom(response.status, payload));
  }
  return response;
}

async function json(method, path, body) {
  const response = await send(method, path, body);
  return response.status === 204 ? null : response.json();
}

export function query(path, params) {
  const search = new URLSearchParams(_.omitBy(params, (value) => _.isNil(value) || value === "")).toString();
  return search ? `${path}?${search}` : path;
}

export const api = {
  get: (path, params) => json("GET", query(path, params)),
  post: (path, body) => json("POST", path, body),
  put: (path, body) => json("PUT", path, body),
  patch: (path, body) => json("PATCH", path, body),
  file: async (path) => {
    const response = await send("POST", path);
    return response.blob();
  },
};
