import React from "react";
import { createRoot } from "react-dom/client";
import "bootstrap/dist/css/bootstrap.css";
import "./styles/app.css";
import App from "./App.jsx";

createRoot(document.getElementById("root")).render(<App />);
