"""One run: observe, plan, guard, apply, push, verify, report."""
