import React, { useState } from "react";
import { customerPicture, initials } from "../lib/format.js";

const TONES = ["#4f46e5", "#0891b2", "#059669", "#d97706", "#dc2626", "#7c3aed", "#475569"];

export default function Avatar({ person, size = 36, customer = false }) {
  const [broken, setBroken] = useState(false);
  const picture = person.avatar_url || (customer && customerPicture(person.name));
  const style = { width: size, height: size };
  if (broken || !picture) {
    const letters = initials(person.name || "?");
    const tone = TONES[(letters.charCodeAt(0) + letters.charCodeAt(letters.length - 1)) % TONES.length];
    return (
      <span className="avatar avatar-letters" style={{ ...style, fontSize: size * 0.38, background: tone }}>
        {letters}
      </span>
    );
  }
  return <img className="avatar" style={style} src={picture} alt="" onError={() => setBroken(true)} />;
}
