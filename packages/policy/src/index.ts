/** Access decisions: pure, deny by default. */
export {};
