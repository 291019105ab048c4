import React from "react";
import { Globe, Mail, MessageCircle, Phone } from "react-feather";
import { label } from "../lib/format.js";

export function Status({ value }) {
  return <span className={`tag tag-${value}`}>{label(value)}</span>;
}

export function Priority({ value }) {
  return (
    <span className={`priority priority-${value}`}>
      <i />
      {label(value)}
    </span>
  );
}

const CHANNELS = { email: Mail, web: Globe, phone: Phone, chat: MessageCircle };

export function Channel({ value }) {
  const Icon = CHANNELS[value] || MessageCircle;
  return (
    <span className="channel" title={label(value)}>
      <Icon size={14} /> {label(value)}
    </span>
  );
}

export function Role({ value }) {
  return <span className={`tag tag-role-${value}`}>{label(value)}</span>;
}
