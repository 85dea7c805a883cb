#!/usr/bin/env node
import { drained } from './output.js'
import { program } from './program.js'

// With 0 it switches the check of certificates off, also for the platform's `fetch`, and a token may go to anybody then.
delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']

process.exitCode = await program(process)

// Whoever reads it may be slow, as a pager is.
await Promise.all([process.stdout, process.stderr].map(drained))

// All is said and done. A client of Redis may yet hold on to a server that hangs.
setTimeout(() => process.exit(), 1_000).unref()
