/** Commands that wait for a human, and the human's answer. */
export { openApprovals } from './approvals.ts';
export type { ApprovalsRoom } from './approvals.ts';
