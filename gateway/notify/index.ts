/** Tells somebody: signed webhooks and the log. Never blocks a command and never fails one. */
export { openNotify } from './notify.ts';
