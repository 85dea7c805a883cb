#!/usr/bin/env node
import { program } from './program.js'

process.exitCode = await program(process)

// All is said and done. A client of Redis may yet hold on to a server that hangs.
setTimeout(() => process.exit(), 1_000).unref()
