/** Keeps the SDK's own log lines out of the test output; once per process, before anything else of the SDK. */
import { DefaultLogger, Runtime } from '@temporalio/worker';

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
