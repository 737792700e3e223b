'use client';

import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useEffect } from 'react';

import { doubled } from './actions.js';

// Calls the action, and then goes to the second page by Next's router.
export default function Page() {
  const router = useRouter();
  useEffect(() => {
    doubled(21).then(
      (answer) => router.push(`/second?answer=${answer}`),
      (error) => router.push(`/second?answer=${encodeURIComponent(error.message)}`),
    );
  }, [router]);
  return <Link href="/second">the second page</Link>;
}
