// The Mail page: its own elements and habits, on top of what links and forms do by themselves.
import "./mail-body.js";
import "./list-cursor.js";
import "./mail-news.js";
import "./link-dialog.js";
import "./thread-shown.js";

