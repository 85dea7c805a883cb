/**
 * For processes that wait for their turns: V8 would shrink their young generation and drop their code meanwhile, both of which
 * a process that works keeps.
 */
export const BUSY = ['--no-memory-reducer', '--no-flush-bytecode', '--min-semi-space-size=16']
