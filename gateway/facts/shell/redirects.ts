import type { RedirectDescriptor, Redirection } from 'unbash';
import type { DynamicFact, RedirectFact, RedirectOperation, SshEffect } from '../../contract/command-ssh.ts';
import { quoted } from './draft.ts';
import { argumentOf, type Argument, type Shell } from './words.ts';

export interface Redirects {
  readonly facts: readonly RedirectFact[];
  readonly dynamic: readonly DynamicFact[];
  readonly effects: readonly SshEffect[];
  /** Variables that get a descriptor's number: `{fd}>file`. */
  readonly sets: readonly string[];
}

/** Files that hold nothing and keep nothing. */
const harmless = /^\/dev\/(?:null|zero|stdin|stdout|stderr|tty|fd\/\d+)$/;

/** What is opened for a command, and what of it cannot be known. */
export function redirectsOf(redirections: readonly Redirection[], shell: Shell): Redirects {
  const facts: RedirectFact[] = [];
  const dynamic: DynamicFact[] = [];
  const sets: string[] = [];
  const open = (fds: readonly (number | null)[], operation: RedirectOperation, target: Argument): void => {
    facts.push(...fds.map((fd) => ({ fd, operation, path: target.value })));
    if (target.why) dynamic.push({ where: 'redirect', why: target.why, text: quoted(target.text) });
  };
  for (const one of redirections) {
    if (one.descriptor?.type === 'FileDescriptorVariable') sets.push(one.descriptor.name);
    const fd = (usual: number): number | null => numberOf(one.descriptor, usual);
    if (one.type === 'HereDoc') {
      facts.push({ fd: fd(0), operation: 'text', path: null });
      const expands = one.body.parts?.find((part) => part.type !== 'Literal');
      if (expands) dynamic.push({ where: 'input', why: 'variable', text: quoted(expands.text) });
      // Shells disagree where such a here-document ends, and what comes after it runs.
      const { text = '' } = one.delimiter ?? {};
      if (!/^(?:[\w.-]+|'[\w. -]*'|"[\w. -]*"|\\[\w.-]+)$/.test(text))
        dynamic.push({ where: 'command', why: 'dialect', text });
      continue;
    }
    if (one.target === undefined) continue;
    const target = argumentOf(one.target, shell);
    if (one.type === 'HereString') {
      facts.push({ fd: fd(0), operation: 'text', path: null });
      if (target.why) dynamic.push({ where: 'input', why: target.why, text: quoted(target.text) });
      continue;
    }
    const { operator } = one;
    switch (operator) {
      case '<':
        open([fd(0)], 'read', target);
        break;
      case '>':
      case '>|':
        open([fd(1)], 'write', target);
        break;
      case '>>':
        open([fd(1)], 'append', target);
        break;
      case '<>':
        open([fd(0)], 'read_write', target);
        break;
      case '&>':
        open([1, 2], 'write', target);
        break;
      case '&>>':
        open([1, 2], 'append', target);
        break;
      case '<&':
        open([fd(0)], 'duplicate', target);
        break;
      case '>&':
        if (/^(?:\d+-?|-)$/.test(target.value ?? '')) open([fd(1)], 'duplicate', target);
        else open(one.descriptor ? [fd(1)] : [1, 2], 'write', target);
        break;
      default:
        operator satisfies never;
    }
  }
  return { facts, dynamic, effects: effectsOf(facts), sets };
}

function numberOf(descriptor: RedirectDescriptor | undefined, usual: number): number | null {
  if (descriptor === undefined) return usual;
  return descriptor.type === 'FileDescriptor' ? descriptor.value : null;
}

function effectsOf(facts: readonly RedirectFact[]): readonly SshEffect[] {
  return facts.flatMap(({ operation, path }): readonly SshEffect[] => {
    if (path !== null && harmless.test(path)) return [];
    switch (operation) {
      case 'read':
        return ['read'];
      case 'write':
      case 'append':
        return ['write'];
      case 'read_write':
        return ['write', 'read'];
      case 'duplicate':
      case 'text':
        return [];
      default:
        return operation satisfies never;
    }
  });
}
