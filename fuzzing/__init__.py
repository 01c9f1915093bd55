"""Hostile files against TinySER.

Whatever a file holds, the answer is a result or one TinySerError, soon and in little memory.
"""
