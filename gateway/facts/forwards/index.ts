/** What forwards and subsystems are: one spelling for each place, their commands, and how they are written down. */
export { forwardCommand, isSubsystemName, subsystemCommand } from './command.ts';
export { isForwardLine, readForwardLine } from './line.ts';
export { type ForwardPlace, placeText, socketPlace, tcpPlace } from './place.ts';
