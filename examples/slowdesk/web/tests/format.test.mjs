import assert from "node:assert/strict";
import { test } from "node:test";
import { customerPicture, initials, isHtml, label, numericColumns, plainText } from "../src/lib/format.js";
import { query } from "../src/lib/api.js";

test("words from the API become labels", () => {
  assert.equal(label("status_changed"), "Status changed");
  assert.equal(label(null), "");
});

test("initials take the first two names", () => {
  assert.equal(initials("Ana Maria Lima"), "AM");
});

test("mail that only mentions a tag stays plain text", () => {
  assert.equal(isHtml("Use <b> for bold"), false);
  assert.equal(isHtml("<p>Hello</p>"), true);
});

test("replies from the editor can be read as text", () => {
  assert.equal(plainText("<p>Tom &amp; Ana</p><p>Bye</p>"), "Tom & Ana\nBye");
});

test("only columns with numbers in every row are numeric", () => {
  assert.deepEqual(numericColumns(["agent", "open", "note"], [["Ana", 3, "x"], ["Joe", null, 4]]), [1]);
});

test("every customer's picture is one of the twelve, whatever the name", () => {
  for (const name of ["", "Ana Lima", "Zoë Ñandú", "李雷"]) {
    assert.match(customerPicture(name), /^\/avatars\/([1-9]|1[0-2])\.png$/);
  }
  assert.notEqual(customerPicture("Ana Lima"), customerPicture("Ben Adler"));
});

test("empty filters are not sent", () => {
  assert.equal(query("/api/inquiries", { status: "", q: null, page: 2 }), "/api/inquiries?page=2");
  assert.equal(query("/api/inquiries"), "/api/inquiries");
});
