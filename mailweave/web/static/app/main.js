// Everything of ours that runs on every page. Pages with more load their own module besides.
import "./hotkeys.js";
import "./dialogs.js";
import "./toast-stack.js";
import "./shortcut-sheet.js";
import "./local-time.js";
import "./zone-guess.js";
import "./copy-text.js";
import "./live.js";
import "./notification-list.js";
import "./trouble.js";
import "./timeline.js";
import "./composing.js";
