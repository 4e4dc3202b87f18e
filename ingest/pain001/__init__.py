"""Payment files (pain.001), alone or in an archive with their account assignments."""
