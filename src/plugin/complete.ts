#!/usr/bin/env node
/** kubectl_complete-lunresync: what kubectl asks when the plugin is to be completed. */
process.argv.splice(2, 0, '__complete');
await import('./main.ts');
