import type { IdpPrincipal } from '../../gateway/testing/idp-principal.ts';

/** Who is who in the demo. What the groups may do stands in policies/rules. */
export const principals: readonly IdpPrincipal[] = [
  { name: 'ana', kind: 'human', groups: ['readers'] },
  { name: 'ben', kind: 'human', groups: ['dba'] },
  { name: 'dora', kind: 'human', groups: ['dba'] },
  { name: 'carl', kind: 'human', groups: ['compliance'] },
  { name: 'olga', kind: 'human', groups: ['operators'] },
  { name: 'otto', kind: 'human', groups: ['auditors'] },
  { name: 'eve', kind: 'human', groups: [] },
  { name: 'billing-agent', kind: 'agent', groups: ['agents', 'readers'] },
  { name: 'ops-agent', kind: 'agent', groups: ['agents', 'developers'] },
];
