import { expect, test } from 'vitest';
import type { TargetView } from '../api/views.ts';
import { targetTable } from './target.ts';

const crm: TargetView = {
  name: 'crm',
  protocol: 'postgres',
  labels: { env: 'prod', region: 'eu' },
  databases: ['crm', 'crm/archive'],
  logins: ['app', 'owner'],
  default_login: null,
  state: null,
};
const web1: TargetView = {
  ...crm,
  ...{ name: 'web1', protocol: 'ssh', labels: {}, databases: [], logins: ['admin', 'deploy'], default_login: 'deploy' },
};

test('targets are listed with what a client gives as database and login, the login that is taken unasked first', () => {
  expect(targetTable([crm, web1]).split('\n')).toEqual([
    'NAME  PROTOCOL  LOGINS         DATABASES         LABELS',
    'crm   postgres  app, owner     crm, crm/archive  env=prod region=eu',
    'web1  ssh       deploy, admin  -',
  ]);
});

test('where the gateway told addresses and states they are shown', () => {
  const last_connect = { at: '2026-11-21T09:00:00.000Z', ok: false };
  const shown = targetTable([
    { ...crm, state: { address: 'db:5432', sessions: 2, last_connect } },
    { ...web1, state: { address: '10.0.0.7:22', sessions: 0, last_connect: null } },
  ]).split('\n');
  expect(shown[0]).toMatch(/ADDRESS +SESSIONS +LAST CONNECTION +LABELS$/);
  expect(shown[1]).toMatch(/db:5432 +2 +failed 2026-11-21T09:00:00.000Z +env=prod region=eu$/);
  expect(shown[2]).toMatch(/10\.0\.0\.7:22 +0 +none yet$/);
});
