"""What Gymnasium's MuJoCo environments compute around the physics, in batches."""
