import type { Command as Commander } from 'commander'
import type { Command } from '../invocation.js'

/** Runs a command, which is loaded only then. */
export type Run = <O>(load: () => Promise<Command<O>>, options: O) => Promise<void>

/** Adds a command, or a group of them, to the command line. */
export type Syntax = (root: Commander, run: Run) => void
