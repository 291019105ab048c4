import React, { useState } from "react";
import { avatarFor, initials } from "../lib/format.js";

export default function Avatar({ person, size = 36 }) {
  const [broken, setBroken] = useState(false);
  const style = { width: size, height: size, fontSize: size * 0.38 };
  if (broken) {
    return (
      <span className="avatar avatar-letters" style={style}>
        {initials(person.name)}
      </span>
    );
  }
  return <img className="avatar" style={style} src={avatarFor(person)} alt="" onError={() => setBroken(true)} />;
}
