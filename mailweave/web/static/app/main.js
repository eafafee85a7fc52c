// Everything of ours that runs on every page. Pages with more load their own module besides.
import "./hotkeys.js";
import "./dialogs.js";
import "./toast-stack.js";
import "./local-time.js";
import "./live.js";
import "./trouble.js";
import "./late.js";
import "./composing.js";
