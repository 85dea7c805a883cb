/** What other packages use of this one: the servers. */
export * from './servers/index.js'
