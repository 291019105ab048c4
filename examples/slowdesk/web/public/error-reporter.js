/*
 * Keeps the last errors and slow requests of this tab, so that support can ask for them
 * (Settings > Diagnostics). Loaded before the app on purpose.
 */
(function () {
  var KEY = "slowdesk.diagnostics";
  var LIMIT = 50;

  function read() {
    try {
      return JSON.parse(window.sessionStorage.getItem(KEY) || "[]");
    } catch (error) {
      return [];
    }
  }

  function write(entries) {
    try {
      window.sessionStorage.setItem(KEY, JSON.stringify(entries.slice(-LIMIT)));
    } catch (error) {
      /* private mode or storage full: nothing we can do from here */
    }
  }

  function add(kind, message, detail) {
    var entries = read();
    entries.push({
      at: new Date().toISOString(),
      kind: kind,
      message: String(message).slice(0, 500),
      detail: detail ? String(detail).slice(0, 2000) : "",
      page: window.location.pathname,
    });
    write(entries);
  }

  window.addEventListener("error", function (event) {
    if (event.message) {
      add("error", event.message, event.error && event.error.stack);
    }
  });

  window.addEventListener("unhandledrejection", function (event) {
    var reason = event.reason || {};
    add("rejection", reason.message || reason, reason.stack);
  });

  if (window.PerformanceObserver) {
    try {
      new PerformanceObserver(function (list) {
        list.getEntries().forEach(function (entry) {
          if (entry.initiatorType === "fetch" && entry.duration > 3000) {
            add("slow request", entry.name, Math.round(entry.duration) + " ms");
          }
        });
      }).observe({ type: "resource", buffered: true });
    } catch (error) {
      /* older browsers */
    }
  }

  window.slowdeskDiagnostics = {
    entries: read,
    add: add,
    clear: function () {
      write([]);
    },
  };
})();
