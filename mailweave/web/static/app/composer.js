// What a composer is made of; loaded where one is. What keeps drafts comes first, since it brings
// back what this browser kept before the fields come alive.
import "./draft-keeper.js";
import "./recipient-field.js";
import "./rich-editor.js";
import "./file-drop.js";
import "./mail-body.js";
import "./inserts.js";
