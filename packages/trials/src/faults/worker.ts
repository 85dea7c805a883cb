import { type Child, child } from '../child.js'
import { inProject } from '../project.js'

/** The bundled script of a worker. */
export const workerScript = (name: string): string => inProject(`packages/trials/bin/${name}.js`)

/** Starts a worker of these rows. */
export const worker = (name: string, ...args: ReadonlyArray<string>): Child =>
  child(process.execPath, [workerScript(name), ...args])
