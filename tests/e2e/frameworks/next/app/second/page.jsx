'use client';

import { useSearchParams } from 'next/navigation';
import { Suspense, useEffect } from 'react';

// Tells the test how the page was reached: `navigation` is that of the document, not of the router.
function Told() {
  const answer = useSearchParams().get('answer');
  useEffect(() => {
    const [{ name }] = performance.getEntriesByType('navigation');
    if (answer) fetch('/report', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ answer, document: new URL(name).pathname }) });
  }, [answer]);
  return <p>{answer}</p>;
}

export default () => <Suspense><Told /></Suspense>;
